"""What people say of an upload to one another."""
