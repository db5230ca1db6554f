"""Asking for erasures, in the console and in the API."""
