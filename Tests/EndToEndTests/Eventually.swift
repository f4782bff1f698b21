import Testing

/// Waits until a fact holds, or records that it did not within the time.
///
/// The one place of the tests that sleeps: it looks again every few milliseconds and never waits longer than needed.
func eventually(
  within limit: Duration = .seconds(20), _ fact: String, sourceLocation: SourceLocation = #_sourceLocation,
  _ holds: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if try await holds() { return }
    try await Task.sleep(for: .milliseconds(10))
  }
  try #require(try await holds(), "not within \(limit): \(fact)", sourceLocation: sourceLocation)
}

/// Does something at a pace until it says that it does not go on: work that takes its time, and waits for nothing.
func steadily(every interval: Duration, _ goesOn: () async throws -> Bool) async throws {
  while try await goesOn() { try await Task.sleep(for: interval) }
}
