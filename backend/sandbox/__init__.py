"""The platforms on your own machine: vendors' protocols over a small world. Nothing here knows of `app`."""
