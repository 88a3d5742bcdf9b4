"""Everything that speaks to venues: adapters, connections, capture, paper broker, simulated exchange."""
