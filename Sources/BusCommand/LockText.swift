internal import BusProtocol

/// A lock key as it is typed.
enum LockText {
  /// The canonical text: of values as in JSON, of a bare word, or of `NAMESPACE(values)`.
  static func canonical(_ text: String, workerNamespace: String) throws -> String {
    guard let open = text.firstIndex(of: "("), text.last == ")", Name.isValid(text[..<open].utf8) else {
      return "\(workerNamespace)(\(try values(text)))"
    }
    return "\(text[..<open])(\(try values(String(text[text.index(after: open)...].dropLast()))))"
  }

  /// The values in the form that the store compares; a word that is no JSON is text.
  private static func values(_ text: String) throws -> String {
    if case .array(let values)? = try? JSONParser.parse(Array("[\(text)]".utf8)) {
      return values.map(\.text).joined(separator: ",")
    }
    guard Name.isValid(text.utf8) else {
      throw CommandError(
        .badData, "the lock key '\(text)' is neither JSON nor a word", where: "--lock",
        help: "for example --lock 42, --lock '\"a b\",7', --lock 'to_id(7)'")
    }
    return JSONValue.string(text).text
  }
}
