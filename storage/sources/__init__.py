"""Brings media from the addresses that uploads name, and from no other."""
