"""What a picture looks like: a hash that look-alikes share."""
