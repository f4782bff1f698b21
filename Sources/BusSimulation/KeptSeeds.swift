/// Scenarios that once failed: each has shown a mistake in the bus, and must not fail again.
enum KeptSeeds {
  static let all: [Scenario] = [
    // A vacant seat, or a free hand, was asked for again and again while the disk was full.
    Scenario(seed: 6),
    Scenario(seed: 9),
    // Jobs that were due kept the store's loop awake while the disk was full.
    Scenario(seed: 5),
    Scenario(seed: 13),
    Scenario(seed: 30),
    // A seal whose sync failed left a busd that refused everything, and did not end.
    Scenario(seed: 32, keptFaults: [22]),
    // A clock set back made the last look at the disk seem new: refused once more though there was room again.
    Scenario(seed: 106333, keptFaults: [1, 4, 15, 17]),
    // The file that says whose an outbox is could not be synced, and busd went on.
    Scenario(seed: 201291),
  ]
}
