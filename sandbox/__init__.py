"""A stand-in upstream in OpenAI's shapes, with an account of all that it served."""
