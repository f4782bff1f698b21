public import BusProtocol

/// An event with a type of its own: its members are the data.
///
/// ```swift
/// struct UserChanged: BusEvent {
///   static let topic: Topic = "user_changed"
///   let id: Int
/// }
/// ```
public protocol BusEvent: Codable, Sendable {
  /// What it is about.
  static var topic: Topic { get }
}

extension BusEvent {
  /// Reads the data of an event.
  public init(_ event: Event) throws {
    self = try JSONValueDecoder().decode(Self.self, from: try event.json)
  }
}
