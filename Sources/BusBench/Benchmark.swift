/// One thing that is measured: its name, what it is in a sentence, what is promised of it, and how it is done once.
struct Benchmark: Sendable {
  let name: String
  let about: String
  let bar: String
  let measure: @Sendable (Sizes) async throws -> [Figure]

  init(
    _ name: String, _ about: String, bar: String, measure: @escaping @Sendable (Sizes) async throws -> [Figure]
  ) {
    self.name = name
    self.about = about
    self.bar = bar
    self.measure = measure
  }
}

/// What a benchmark cannot go on with.
struct Failure: Error, CustomStringConvertible {
  let description: String
}
