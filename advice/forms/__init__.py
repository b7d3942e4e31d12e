"""Forms of the floor, one file for each subject."""
