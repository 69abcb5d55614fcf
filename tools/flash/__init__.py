"""flash.sh's logic: one card for one board, written, personal, read back; or a sentence, and nothing touched."""
