internal import BusTopology

/// What all processes of a world share.
final class WorldParts {
  let timeline: Timeline
  let network: SimulatedNetwork
  let ledger = Ledger()
  let witness: StoreWitness
  /// How long busd's leases last.
  let lease: Duration = .seconds(3)

  /// What its busd allows to whom; nil where everybody may everything.
  let rules: Topology?
  let mutant: Mutant?

  init(_ timeline: Timeline, rules: Topology?, mutant: Mutant?) {
    self.timeline = timeline
    self.rules = rules
    self.mutant = mutant
    network = SimulatedNetwork(timeline)
    witness = StoreWitness(ledger)
  }
}
