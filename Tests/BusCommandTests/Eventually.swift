/// Waits until something is so, and fails with what was awaited when it does not come in time.
func eventually(
  within limit: Duration = .seconds(20), _ what: @autoclosure () -> String, _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  while !(try await condition()) {
    guard ContinuousClock.now < deadline else { throw Program.Missing(description: "did not come: \(what())") }
    try await Task.sleep(for: .milliseconds(5))
  }
}
