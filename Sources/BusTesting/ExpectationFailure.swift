/// Something that a test expects of a ``TestBus`` is not so. Thrown, so that it fails the test in any framework.
public struct ExpectationFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// Which expectation: `not_published`, `not_enqueued`, `work_left`, `not_idempotent`.
  public let code: String
  /// What was expected, and what is.
  public let description: String

  init(_ code: String, _ description: String) {
    self.code = code
    self.description = description
  }
}
