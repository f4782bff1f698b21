import Testing

/// Waits until a fact holds: looks again every few milliseconds, and fails after twenty seconds.
func eventually(_ holds: () async throws -> Bool) async throws {
  let deadline = ContinuousClock.now + .seconds(20)
  while ContinuousClock.now < deadline {
    if try await holds() { return }
    try await Task.sleep(for: .milliseconds(5))
  }
  try #require(try await holds())
}
