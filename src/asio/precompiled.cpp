// The owner of the precompiled headers that every room reuses; it has no code.
