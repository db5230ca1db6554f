"""What is a bundle of models: described, checked, kept, promoted, written."""
