internal import BusProtocol

/// The JSON schema of a topology file, for editors and checkers; printed from the keys that the parser reads by.
public enum TopologySchema {
  /// The schema (draft 2020-12) as text, ending in a newline. `Topology/bus.schema.json` is this text.
  public static func json() -> String {
    var schema: JSONObject = [
      "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A bus topology",
      "description": "What runs where: the daemon's settings, topics, retry policies and engines.",
    ]
    schema.members += object(TopologyKeys.table).members
    var text = ""
    write(.object(schema), indent: 0, to: &text)
    return text + "\n"
  }

  private static func object(_ table: KeyTable) -> JSONObject {
    var schema: JSONObject = [
      "type": "object",
      "properties": .object(JSONObject(table.entries.map { JSONObject.Member($0.name, .object(property($0))) })),
    ]
    let required = table.entries.filter(\.isRequired).map { JSONValue.string($0.name) }
    if !required.isEmpty { schema["required"] = .array(required) }
    schema["additionalProperties"] = false
    return schema
  }

  private static func property(_ key: KeyEntry) -> JSONObject {
    var schema: JSONObject = ["description": .string(key.summary)]
    if let standard = key.standard { schema["default"] = standard }
    schema.members += shape(key.shape).members
    return schema
  }

  private static func shape(_ shape: KeyShape) -> JSONObject {
    switch shape {
    case .value(let schema): schema
    case .list(let item): ["type": "array", "items": .object(item)]
    case .map(let table): orNothing(object(table))
    case .maps(let names, let table): orNothing(chosen(names, .object(orNothing(object(table)))))
    case .texts(let names, let text): orNothing(chosen(names, .object(text)))
    case .wordOrMap(let word, let table): ["anyOf": [["const": .string(word)], .object(object(table))]]
    }
  }

  private static func chosen(_ names: NameForm, _ value: JSONValue) -> JSONObject {
    [
      "type": "object", "propertyNames": ["pattern": .string(names.pattern)], "additionalProperties": value,
    ]
  }

  /// A section with nothing in it is an empty one, unless something in it is required.
  private static func orNothing(_ schema: JSONObject) -> JSONObject {
    guard schema["required"] == nil else { return schema }
    var schema = schema
    schema["type"] = ["object", "null"]
    return schema
  }

  /// Objects with a member a line; lists of texts on one line.
  private static func write(_ value: JSONValue, indent: Int, to text: inout String) {
    let inner = String(repeating: "  ", count: indent + 1)
    switch value {
    case .object(let object) where !object.members.isEmpty:
      text += "{\n"
      for (index, member) in object.members.enumerated() {
        text += "\(inner)\(JSONValue.string(member.key).text): "
        write(member.value, indent: indent + 1, to: &text)
        text += index + 1 < object.members.count ? ",\n" : "\n"
      }
      text += String(repeating: "  ", count: indent) + "}"
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += ", " }
        write(value, indent: indent, to: &text)
      }
      text += "]"
    default: text += value.text
    }
  }
}
