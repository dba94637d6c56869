import JSON

/// Changes of one place of a JSON document.
extension Dice {
  /// - Parameter count: of places that are changed.
  mutating func mutated(_ value: JSONValue, count: Int) -> JSONValue {
    (0..<count).reduce(value) { value, _ in
      // The whole document replaced tells nothing more the second time.
      guard case .object(var members) = value, !members.isEmpty, chance(0.97) else { return mutatedOnce(value) }
      let place = integer(0...members.count - 1)
      members[place].value = mutatedOnce(members[place].value)
      return .object(members)
    }
  }

  /// Walks down to one place, all alternatives of a level being equally probable, and changes that.
  private mutating func mutatedOnce(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(var members) where !members.isEmpty && chance(0.97):
      let place = integer(0...members.count - 1)
      members[place].value = mutatedOnce(members[place].value)
      return .object(members)
    case .array(var elements) where !elements.isEmpty && chance(0.85):
      let place = integer(0...elements.count - 1)
      elements[place] = mutatedOnce(elements[place])
      return .array(elements)
    case .object(let members): return changed(members)
    case .array(let elements): return changed(elements)
    case .null: return anyJSON(depth: 1)
    case .bool(let bool): return chance(0.7) ? .bool(!bool) : anyJSON(depth: 1)
    case .integer, .number: return chance(0.9) ? oddNumber(value) : anyJSON(depth: 1)
    case .string(let text): return chance(0.9) ? .string(oddText(text)) : anyJSON(depth: 1)
    }
  }

  private mutating func oddNumber(_ value: JSONValue) -> JSONValue {
    switch integer(0...5) {
    case 0: return .integer(Int64(extremeInteger()))
    case 1:
      let number = extremeNumber()
      return number.isFinite ? .number(number) : .number(1e308)
    case 2: return .number((value.doubleValue ?? 0) * (chance(0.5) ? 1.0001 : -1))
    case 3:
      return .integer(Int64(clamping: (value.intValue ?? 1).addingReportingOverflow(integer(-2...2)).partialValue))
    case 4: return .null
    default: return .number(unit() * 2 - 0.5)
    }
  }

  private mutating func oddText(_ text: String) -> String {
    chance(0.4)
      ? pick(["", "v1", "v2", "a", "\u{1b}[0m", "<b>", "é", String(repeating: "x", count: 3000), "nan"]) : oddName(text)
  }

  private mutating func changed(_ members: [JSONMember]) -> JSONValue {
    var members = members
    switch integer(0...4) {
    case 0 where !members.isEmpty: members.remove(at: integer(0...members.count - 1))
    case 1 where !members.isEmpty: members.append(pick(members))
    case 2: members.append(JSONMember(key: oddName("key"), value: anyJSON(depth: 1)))
    case 3 where !members.isEmpty:
      let place = integer(0...members.count - 1)
      members[place].key = oddName(members[place].key)
    default: return chance(0.3) ? anyJSON(depth: 1) : .object(members + [JSONMember(key: "x", value: .null)])
    }
    return .object(members)
  }

  private mutating func changed(_ elements: [JSONValue]) -> JSONValue {
    var elements = elements
    switch integer(0...5) {
    case 0: return .array([])
    case 1 where !elements.isEmpty: elements.remove(at: integer(0...elements.count - 1))
    case 2 where !elements.isEmpty: elements.append(pick(elements))
    case 3 where !elements.isEmpty: elements = Array(repeating: pick(elements), count: pick([2, 17, 300, 5000]))
    case 4 where !elements.isEmpty: elements.swapAt(0, integer(0...elements.count - 1))
    default: elements.append(anyJSON(depth: 1))
    }
    return .array(elements)
  }

  mutating func anyJSON(depth: Int) -> JSONValue {
    switch integer(0...(depth > 2 ? 5 : 8)) {
    case 0: return .null
    case 1: return .bool(chance(0.5))
    case 2: return .integer(Int64(extremeInteger()))
    case 3:
      let number = extremeNumber()
      return .number(number.isFinite ? number : -1e308)
    case 4: return .string(oddName("x"))
    case 5: return .string("ReLU")
    case 6:
      // Deeper than any decoder should follow.
      if chance(0.1) { return (0..<pick([40, 600, 5000])).reduce(.null) { value, _ in .array([value]) } }
      return .array((0..<integer(0...4)).map { _ in anyJSON(depth: depth + 1) })
    default:
      return .object((0..<integer(0...3)).map { JSONMember(key: "k\($0)", value: anyJSON(depth: depth + 1)) })
    }
  }
}
