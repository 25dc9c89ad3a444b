"""Unmodified OpenAI clients, configured by three environment variables only."""
