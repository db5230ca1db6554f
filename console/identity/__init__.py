"""Who somebody is and whether they may: sign-in, sessions, tokens, the guard of every route."""
