/// Keeps a wait from being silent.
enum Awaited {
  /// Runs the body, and says the words on standard error when it takes more than a second.
  static func saying<R, E: Error>(
    _ words: String, after patience: Duration = .seconds(1), _ body: () async throws(E) -> R
  ) async throws(E) -> R {
    // Nobody awaits it: it is cancelled when the wait is over.
    let reminder = Task {
      try await ContinuousClock().sleep(for: patience)
      Output.say(words)
    }
    defer { reminder.cancel() }
    return try await body()
  }
}
