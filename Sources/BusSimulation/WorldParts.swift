/// What all processes of a world share.
final class WorldParts {
  let timeline: Timeline
  let network: SimulatedNetwork
  let ledger = Ledger()
  let witness: StoreWitness
  /// How long busd's leases last.
  let lease: Duration = .seconds(3)

  init(_ timeline: Timeline) {
    self.timeline = timeline
    network = SimulatedNetwork(timeline)
    witness = StoreWitness(ledger)
  }
}
