public import BusProtocol

/// A retry policy under the name by which queues ask for it.
public struct RetryPolicyDefinition: Sendable, Equatable {
  /// The name of the policy that is there without being written, and that is used by queues which name none.
  public static let standardName: Name = "standard"
  /// The policy that is there without being written.
  public static let standard = RetryPolicyDefinition(name: standardName, policy: .standard)

  /// The name.
  public var name: Name
  /// How often and when.
  public var policy: RetryPolicy
  /// Where the name is written.
  public var position: SourcePosition

  /// A policy under a name.
  public init(name: Name, policy: RetryPolicy, position: SourcePosition = .unwritten) {
    self.name = name
    self.policy = policy
    self.position = position
  }
}
