"""Finding uploads by what was found of them and what people decided."""
