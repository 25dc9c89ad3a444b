"""The billing API: procedures, schemas, tokens; REST and tRPC in front of the same functions."""
