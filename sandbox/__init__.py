"""A stand-in upstream that answers in OpenAI's shapes and bills itself."""
