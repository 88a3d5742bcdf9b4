"""The panels, one file each: what of a view they show, and how it is arranged for their width and height."""
