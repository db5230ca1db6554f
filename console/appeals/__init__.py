"""Appeals of uploaders, as the platform hands them in."""
