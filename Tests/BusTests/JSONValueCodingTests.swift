import Bus
import BusProtocol
import Testing

@Suite struct `Codable values and JSON` {
  enum Size: String, Codable, CaseIterable { case small = "s", large = "l" }
  enum Shape: Codable, Hashable {
    case circle(radius: Double)
    case square(side: Int, label: String?)
    case none
  }
  struct Address: Codable, Hashable {
    var street: String
    var lines: [String]
  }
  struct Everything: Codable, Hashable {
    var bool = true
    var int = -1
    var int8 = Int8.min
    var int16 = Int16.max
    var int32 = Int32.min
    var int64 = Int64.min
    var uint = UInt(7)
    var uint8 = UInt8.max
    var uint16 = UInt16.max
    var uint32 = UInt32.max
    var uint64 = UInt64.max
    var double = 0.1
    var float: Float = 0.5
    var text = "Grüße \"\\\n"
    var none: Int?
    var some: Int? = 3
    var size = Size.large
    var shapes = [Shape.circle(radius: 1.5), .square(side: 2, label: nil), .none]
    var address = Address(street: "Main", lines: ["a", "b"])
    var byName = ["x": 1, "y": 2]
    var nested = [[1, 2], [], [3]]
    var holes: [Int?] = [1, nil, 3]
    var data: JSONValue = ["any": [1, 2.5, nil, "x"]]
    var object: JSONObject = ["k": true]
    var event = EventID(high: 0x0001_0203_0405_7607, low: 0x8899_0011_2233_4455)
    var at = Timestamp(microseconds: 1_700_000_000_123_456)
    var topic: Topic = "user_changed"
  }

  @Test func `everything comes back as it was written, through text too`() throws {
    let value = Everything()
    let json = try JSONValueEncoder().encode(value)
    #expect(try JSONValueDecoder().decode(Everything.self, from: json) == value)
    let parsed = try JSONParser.parse(json.bytes)
    #expect(try JSONValueDecoder().decode(Everything.self, from: parsed) == value)
    #expect(json["none"] == nil)
  }

  @Test(arguments: [Int64.min, -1, 0, 9_007_199_254_740_993, Int64.max])
  func `whole numbers keep all their 64 bits`(_ value: Int64) throws {
    let json = try JSONValueEncoder().encode(["v": value])
    #expect(json.text == "{\"v\":\(value)}")
    #expect(try JSONValueDecoder().decode([String: Int64].self, from: json) == ["v": value])
  }

  @Test(arguments: [UInt64(0), UInt64(Int64.max) + 1, UInt64.max])
  func `unsigned numbers keep all their 64 bits`(_ value: UInt64) throws {
    let json = try JSONValueEncoder().encode([value])
    #expect(json.text == "[\(value)]")
    #expect(try JSONValueDecoder().decode([UInt64].self, from: json) == [value])
  }

  struct Order: Codable {
    struct Line: Codable {
      var count: UInt8
    }
    var id: Int
    var lines: [Line]
    var size: Size?
  }

  @Test(arguments: [
    (#"{"lines":[]}"#, #""id": it is missing"#),
    (#"{"id":"42","lines":[]}"#, #""id": expected a whole number from -9223372036854775808 to "#),
    (#"{"id":1.5,"lines":[]}"#, #"found 1.5"#),
    (
      #"{"id":1,"lines":[{"count":1},{"count":300}]}"#,
      #""lines[1].count": expected a whole number from 0 to 255, found 300"#
    ),
    (#"{"id":1,"lines":[{"count":1},{}]}"#, #""lines[1].count": it is missing"#),
    (#"{"id":1,"lines":{}}"#, #""lines": expected a list, found {}"#),
    (#"{"id":1,"lines":[],"size":"huge"}"#, #""size":"#),
    (#"{"id":null,"lines":[]}"#, #""id": expected a whole number"#),
    (#"[]"#, #"the value: expected an object, found []"#),
  ])
  func `an error names the path, what was expected and what was found`(_ text: String, _ expected: String) throws {
    let json = try JSONParser.parse(text.utf8)
    let error = #expect(throws: ProtocolError.self) {
      try JSONValueDecoder().decode(Order.self, from: json, of: "the inputs of Order")
    }
    #expect(error?.message.hasPrefix("the inputs of Order cannot be read: ") == true)
    #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
  }

  @Test func `numbers that JSON cannot write are refused with their path`() {
    let error = #expect(throws: ProtocolError.self) { try JSONValueEncoder().encode(["a": [1, Double.infinity]]) }
    #expect(error?.message.contains("\"a[1]\": inf is no number of JSON") == true, "\(error?.message ?? "")")
  }

  @Test func `members that the type does not know are passed over`() throws {
    let json: JSONValue = ["id": 1, "lines": [], "newer": ["x": 1]]
    #expect(try JSONValueDecoder().decode(Order.self, from: json).id == 1)
  }

  @Test func `of many members the last of equal names counts`() throws {
    var object = JSONObject((0..<40).map { JSONObject.Member("k\($0)", .integer($0)) })
    object.members.append(JSONObject.Member("k3", 33))
    let read = try JSONValueDecoder().decode([String: Int].self, from: .object(object))
    #expect(read["k3"] == 33)
    #expect(read["k39"] == 39)
  }

  class Animal: Codable {
    var name = "Rex"
  }
  final class Dog: Animal {
    var age = 3
    enum Keys: String, CodingKey { case age }
    init(age: Int) {
      super.init()
      self.age = age
    }
    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Keys.self)
      age = try container.decode(Int.self, forKey: .age)
      try super.init(from: container.superDecoder())
    }
    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(age, forKey: .age)
      try super.encode(to: container.superEncoder())
    }
  }

  @Test func `a class and its superclass come back`() throws {
    let json = try JSONValueEncoder().encode(Dog(age: 7))
    #expect(json.text == #"{"age":7,"super":{"name":"Rex"}}"#)
    #expect(try JSONValueDecoder().decode(Dog.self, from: json).age == 7)
  }
}
