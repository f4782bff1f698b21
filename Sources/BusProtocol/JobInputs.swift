/// What a job's worker is given: values, or the JSON text of them that nobody has looked into yet.
///
/// Between the wire and the store inputs are only carried, so they stay text: it is checked once, where it comes in.
package struct JobInputs: Hashable, Sendable {
  private enum Form: Sendable {
    case values(JSONObject)
    /// Compact text as ``JSONWriter`` writes it; known to be an object that is not too deep.
    case text([UInt8])
  }

  private var form: Form

  /// Inputs as someone made them.
  package init(_ values: JSONObject) { form = .values(values) }

  /// The same as text: for who knows that they are only carried from here on.
  package init(written values: JSONObject) {
    form = values.isDeeper(than: JSONParser.maximumDepth) ? .values(values) : .text(JSONValue.object(values).bytes)
  }

  /// Inputs as they were sent or kept. Refuses what is no object, is nested too deep or is too long.
  package init(_ text: ArraySlice<UInt8>) throws(ProtocolError) {
    guard text.count <= NewJob.maximumInputsByteCount else { throw JobInputs.tooLong(text.count) }
    try self.init(kept: text)
    // Other languages write it shorter than it is kept.
    if case .values(let values) = form { form = .values(try JobInputs.checked(values)) }
  }

  /// Inputs that were taken before; merging may have made them longer than one wish may be.
  package init(kept text: ArraySlice<UInt8>) throws(ProtocolError) {
    guard !JSONText.isPlainObject(text.span) else {
      form = .text(Array(text))
      return
    }
    // Other languages write spaces, escapes and fractions in other ways; what is kept is written in one.
    guard case .object(let values) = try JSONParser.parse(text, maximumDepth: JSONParser.maximumDepth) else {
      throw ProtocolError(.badJSON, "the inputs of a job are no object")
    }
    form = .values(values)
  }

  /// Inputs that were read as values. Refuses those that could not be read again.
  package init(checking values: JSONObject) throws(ProtocolError) { form = .values(try JobInputs.checked(values)) }

  private static func checked(_ values: JSONObject) throws(ProtocolError) -> JSONObject {
    guard !values.isDeeper(than: JSONParser.maximumDepth) else {
      throw ProtocolError(.tooLarge, "inputs have more than \(JSONParser.maximumDepth) levels of nesting: carry ids")
    }
    let byteCount = JSONWriter.byteCount(values)
    guard byteCount <= NewJob.maximumInputsByteCount else { throw JobInputs.tooLong(byteCount) }
    return values
  }

  private static func tooLong(_ byteCount: Int) -> ProtocolError {
    ProtocolError(
      .tooLarge,
      "inputs have \(byteCount) bytes, the limit is \(NewJob.maximumInputsByteCount): carry ids, not documents")
  }

  /// The values by name; reads them where they are text.
  package var values: JSONObject {
    switch form {
    case .values(let values): return values
    case .text(let text):
      // Checked when they came: they can be read.
      guard case .object(let values) = try? JSONParser.parse(text) else { return [:] }
      return values
    }
  }

  /// Compact JSON.
  package var text: [UInt8] {
    switch form {
    case .values(let values): JSONValue.object(values).bytes
    case .text(let text): text
    }
  }

  /// How long ``text`` is.
  package var byteCount: Int {
    switch form {
    case .values(let values): JSONWriter.byteCount(values)
    case .text(let text): text.count
    }
  }

  /// Appends ``text``.
  func append(to bytes: inout [UInt8]) {
    switch form {
    case .values(let values): JSONWriter.append(values, to: &bytes)
    case .text(let text): bytes.append(contentsOf: text)
    }
  }

  /// Whether the values are the same, in whichever form.
  package static func == (left: JobInputs, right: JobInputs) -> Bool {
    if case .text(let left) = left.form, case .text(let right) = right.form, left == right { return true }
    return left.values == right.values
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(values) }
}
