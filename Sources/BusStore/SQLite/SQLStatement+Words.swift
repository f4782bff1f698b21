internal import BusProtocol

extension SQLStatement {
  /// A worker's inputs.
  func inputs() throws -> JSONObject {
    try withText { bytes in
      guard bytes.count > 2 else { return [:] }
      guard case .object(let object) = try JSONParser.parse(bytes) else {
        throw StoreError(.corrupt, "the inputs of a job are no JSON object: restore from a backup")
      }
      return object
    }
  }

  /// A worker's inputs for who does not look into them.
  func given() throws -> JobInputs {
    try withText { bytes in
      do { return try JobInputs(kept: ArraySlice(bytes)) } catch {
        throw StoreError(.corrupt, "the inputs of a job are no JSON object: restore from a backup")
      }
    }
  }

  /// In the order of ``Columns/limit``.
  func limit() throws -> JobLimit? {
    let (key, concurrency, rate) = (text(), optionalInteger(), text())
    return try key.map {
      JobLimit(key: $0, concurrency: concurrency.map { Int($0) }, rate: try rate.map { try RateLimit($0) })
    }
  }

  /// In the order of ``Columns/limit``.
  @discardableResult func bind(_ limit: JobLimit?) -> Self {
    bind(limit?.key).bind(limit?.concurrency.map { Int64($0) }).bind(limit?.rate?.description)
  }

  func offset() -> Offset? { optionalInteger().map { Offset(UInt64(bitPattern: $0)) } }

  func subscriptionName() throws -> SubscriptionName? { try text().map { try SubscriptionName($0) } }
}

extension JobCause {
  /// In the order of ``Columns/cause``.
  init(_ row: SQLStatement) throws {
    self.init(
      event: row.id(), offset: row.offset(), topic: try row.text().map { try Topic($0) },
      subscription: try row.subscriptionName(), job: row.id(), correlation: row.id(),
      trace: try row.text().map { try TraceContext($0) },
      context: try row.text().map { text in
        guard case .object(let object) = try JSONParser.parse(Array(text.utf8)) else {
          throw StoreError(.corrupt, "the context of a job is no JSON object: restore from a backup")
        }
        return object
      },
      source: row.text())
  }
}
