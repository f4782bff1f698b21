/// The version of the messages. Members may be added without a new number; readers pass over what they do not know.
public enum ProtocolVersion {
  /// What this library speaks.
  public static let current = 1
  /// The oldest that it still answers.
  public static let oldest = 1

  /// Refuses a peer's version that this library does not speak.
  public static func check(_ version: Int) throws(ProtocolError) {
    guard (oldest...current).contains(version) else {
      throw ProtocolError(
        .badVersion,
        "the peer speaks protocol \(version), this one \(oldest) to \(current): upgrade the older of the two")
    }
  }
}
