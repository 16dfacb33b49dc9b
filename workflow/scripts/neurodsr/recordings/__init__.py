"""From the files of a laboratory to one labelled recording, whatever their format."""
