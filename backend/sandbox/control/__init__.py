"""The control API: time, faults, the shop, edits by people, the truth, the mailbox."""
