"""A disk as SCSI sees it: commands on a Volume (SPC-4, SBC-3), for whatever transport carries them."""
