"""What iscsi-test-cu says about the disk: every test that does not pass, with the reason. Whatever is not listed
passes. A test that newly fails, is newly skipped or newly passes changes this table.

EITHER stands for what differs between the versions of libiscsi in Debian 12 and 13 (1.19, 1.20).

Names are as in `iscsi-test-cu --list`, without the family. One that ends with a dot stands for all that begin so.
"""

FAILED, SKIPPED, EITHER = "failed", "skipped", "either"
PASSED = "passed"

_NO_RESERVATIONS = "reservations are for several hosts on one disk; a board on a USB port has one"
_NO_COPY = "EXTENDED COPY is not built: no host asks a USB disk to copy for it"
_NO_DEFECTS = "READ DEFECT DATA is not built: flash and files have no defect lists"
_WSNZ = "WRITE SAME of 0 blocks means the whole disk elsewhere; WSNZ says that it is refused here"
_ONE_SESSION = "needs a second way to the same disk; the shim's initiator is given one"
_SHORT = (
    "an initiator that announces less than the command takes: refused as a whole, as FCP-4 9.4.2 allows; "
    "libiscsi before 1.20 knows only the other way"
)
_NOT_REMOVABLE = "for removable media"

# With any disk.
ALWAYS = {
    "GetLBAStatus.UnmapSingle": (
        FAILED,
        "expects the first descriptor at the next 4 KiB boundary after the block that it asked for; SBC-3 5.6.2 "
        "wants the block itself, and disks of 4 KiB physical blocks have both",
    ),
    "ExtendedCopy.": (SKIPPED, _NO_COPY),
    "ReceiveCopyResults.": (SKIPPED, _NO_COPY),
    "PrinReadKeys.": (SKIPPED, _NO_RESERVATIONS),
    "PrinServiceactionRange.": (SKIPPED, _NO_RESERVATIONS),
    "PrinReportCapabilities.": (SKIPPED, _NO_RESERVATIONS),
    "ProutRegister.": (SKIPPED, _NO_RESERVATIONS),
    "ProutReserve.": (SKIPPED, _NO_RESERVATIONS),
    "ProutClear.": (SKIPPED, _NO_RESERVATIONS),
    "ProutPreempt.": (SKIPPED, _NO_RESERVATIONS),
    "Reserve6.": (SKIPPED, _NO_RESERVATIONS),
    "ReadDefectData10.": (SKIPPED, _NO_DEFECTS),
    "ReadDefectData12.": (SKIPPED, _NO_DEFECTS),
    "ReadOnly.": (SKIPPED, "for disks that are always write protected"),
    "Sanitize.": (SKIPPED, "SANITIZE is not built: what the log holds cannot be made unreadable by a command"),
    "WriteSame10.ZeroBlocks": (SKIPPED, _WSNZ),
    "WriteSame16.ZeroBlocks": (SKIPPED, _WSNZ),
    "MultipathIO.": (SKIPPED, _ONE_SESSION),
    "iSCSIResiduals.Write10Residuals": (EITHER, _SHORT),
    "iSCSIResiduals.Write12Residuals": (EITHER, _SHORT),
    "iSCSIResiduals.Write16Residuals": (EITHER, _SHORT),
    "iSCSIResiduals.WriteVerify10Residuals": (EITHER, _SHORT),
    "iSCSIResiduals.WriteVerify12Residuals": (EITHER, _SHORT),
    "iSCSIResiduals.WriteVerify16Residuals": (EITHER, _SHORT),
    "CompareAndWrite.InvalidDataOutSize": (
        EITHER,
        "1.19 passes; 1.20 forgets to change the CDB and then expects a refusal of what is all right",
    ),
    "iSCSITMF.": (EITHER, "1.20 skips all but the first of them, which leaves no connection behind"),
    "iSCSICHAP.": (EITHER, "not in 1.19; the shim asks nobody who he is"),
    "iSCSISendTargets.Invalid": (EITHER, "not in 1.19; the shim answers any text request"),
}
# And with one that says that it is not removable, as the disk on a USB port does.
FIXED = {
    "NoMedia.": (SKIPPED, _NOT_REMOVABLE),
    "PreventAllow.": (SKIPPED, _NOT_REMOVABLE),
    "StartStopUnit.": (SKIPPED, _NOT_REMOVABLE),
}


def expected(name: str, removable: bool) -> str:
    """The outcome that the table has for a test."""
    tables = (ALWAYS,) if removable else (ALWAYS, FIXED)
    for table in tables:
        for key, (outcome, _) in table.items():
            if name == key or (key.endswith(".") and name.startswith(key)):
                return outcome
    return PASSED
