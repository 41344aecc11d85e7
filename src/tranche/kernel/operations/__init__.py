"""The ledger of long work and its runner: nothing lost, nothing done twice, nothing hidden."""
