"""`sakka catalog`: build a catalog from a source, show one."""
