/// How long events are kept: until they are too old, or until there are too many bytes, whichever comes first.
public struct Retention: Sendable, Equatable {
  /// The age at which an event may go; nil for any age.
  public var age: Duration?
  /// The bytes that all events together may take; nil for any number.
  public var size: ByteCount?

  /// A rule; without words everything is kept.
  public init(age: Duration? = nil, size: ByteCount? = nil) {
    self.age = age
    self.size = size
  }
}
