import Foundation

/// Typed access to what a pickle described.
struct PickleView: Sendable {
  let value: PickleValue
  let heap: PickleHeap

  init(_ result: PickleResult) {
    value = result.value
    heap = result.heap
  }

  func meaning(of value: PickleValue) -> AllowedGlobals.Meaning? {
    global(value).flatMap { AllowedGlobals.meaning(of: $0) }
  }

  /// The name a value is; for a class that PyTorch saved with its source code, the class.
  func global(_ value: PickleValue) -> PickleGlobal? {
    switch value {
    case .global(let index): return heap.globals[index]
    case .persistent(let index):
      guard let parts = heap.elements(of: heap.persistentIdentifiers[index]), parts.count >= 2,
        string(parts[0]) == "module", case .global(let index) = parts[1]
      else { return nil }
      return heap.globals[index]
    default: return nil
    }
  }

  func object(_ value: PickleValue) -> PickleObject? {
    guard case .object(let index) = value else { return nil }
    return heap.objects[index]
  }

  func string(_ value: PickleValue) -> String? {
    guard case .string(let text) = value else { return nil }
    return text
  }

  func integer(_ value: PickleValue) -> Int? {
    guard case .integer(let number) = value else { return nil }
    return Int(exactly: number)
  }

  /// Sizes or strides: a tuple or list of integers, or a `torch.Size` of one.
  func integers(_ value: PickleValue) -> [Int]? {
    var value = value
    if let object = object(value), case .size? = meaning(of: object.callable),
      let inner = heap.elements(of: object.arguments)?.first
    {
      value = inner
    }
    guard let elements = heap.elements(of: value), elements.count <= Limits.dimensions else { return nil }
    let numbers = elements.compactMap { integer($0) }
    return numbers.count == elements.count ? numbers : nil
  }

  /// The items of a dictionary, an ordered dictionary or any object that was given items; nil for anything else.
  func items(_ value: PickleValue) -> [PickleItem]? {
    switch value {
    case .dictionary(let index): return heap.dictionaries[index]
    case .object(let index):
      let object = heap.objects[index]
      guard case .orderedDictionary? = meaning(of: object.callable) else {
        return object.items.isEmpty ? nil : object.items
      }
      // Python 2 passes the items to the constructor as a list of pairs.
      let initial = heap.elements(of: object.arguments)?.first.flatMap { heap.elements(of: $0) } ?? []
      let pairs = initial.compactMap { heap.elements(of: $0) }.filter { $0.count == 2 }
      return pairs.map { PickleItem(key: $0[0], value: $0[1]) } + object.items
    default: return nil
    }
  }

  /// The items whose keys are text, each key once: as in Python a later value replaces an earlier one in its place.
  func namedItems(_ value: PickleValue) -> [(name: String, value: PickleValue)]? {
    guard let items = items(value) else { return nil }
    var named: [(name: String, value: PickleValue)] = []
    var places: [String: Int] = [:]
    for item in items {
      guard let name = string(item.key) else { continue }
      if let place = places[name] {
        named[place].value = item.value
      } else {
        places[name] = named.count
        named.append((name, item.value))
      }
    }
    return named
  }

  /// Bytes in any of the ways pickles write them.
  func bytes(_ value: PickleValue) -> ByteRegion? {
    switch value {
    case .bytes(let region): return region
    case .string(let text): return ByteRegion(Data(text.utf8))
    case .object(let index):
      let object = heap.objects[index]
      guard let arguments = heap.elements(of: object.arguments) else { return nil }
      switch meaning(of: object.callable) {
      case .encodedBytes?: return arguments.first.flatMap { latin1($0) }
      case .byteArray?:
        guard let first = arguments.first else { return ByteRegion(Data()) }
        if case .bytes(let region) = first { return region }
        return latin1(first)
      default: return nil
      }
    default: return nil
    }
  }

  /// Text that stands for bytes, one character each.
  private func latin1(_ value: PickleValue) -> ByteRegion? {
    guard let text = string(value) else { return nil }
    var data = Data(capacity: text.unicodeScalars.count)
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else { return nil }
      data.append(byte)
    }
    return ByteRegion(data)
  }

  /// Names that were kept as placeholders, sorted.
  var unknownGlobals: [String] {
    heap.globals.filter { AllowedGlobals.meaning(of: $0) == nil }.map(\.path).sorted()
  }
}
