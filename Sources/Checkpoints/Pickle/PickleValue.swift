/// What a pickle describes, as inert data. Containers and objects live in a `PickleHeap` and are referred to by index:
/// a pickle may build structures that contain themselves or are a million levels deep, and values that own each other
/// would then leak or overflow the stack when freed.
enum PickleValue: Sendable {
  case none
  case bool(Bool)
  case integer(Int64)
  /// An integer beyond 64 bits, in decimal (or hexadecimal with `0x`); never computed with.
  case bigInteger(String)
  case float(Double)
  case string(String)
  case bytes(ByteRegion)
  case list(Int)
  case tuple(Int)
  case dictionary(Int)
  case set(Int)
  /// A module-level name: what Python would import. Nothing is.
  case global(Int)
  /// What Python would make by calling something. Nothing is called.
  case object(Int)
  /// A reference to something outside the pickle: for PyTorch, a storage.
  case persistent(Int)
}

/// A name that Python would look up: `module.name`.
struct PickleGlobal: Sendable, Hashable {
  let module: String
  let name: String

  var path: String { "\(module).\(name)" }
}

/// An object that was described but not made: `callable(*arguments)`, then changed as the pickle says.
struct PickleObject: Sendable {
  let callable: PickleValue
  /// A tuple, or for NEWOBJ_EX a tuple of arguments and keyword arguments.
  let arguments: PickleValue
  /// What BUILD would hand to `__setstate__` or put into `__dict__`.
  var state: PickleValue?
  /// What APPEND(S) and ADDITEMS added.
  var elements: [PickleValue] = []
  /// What SETITEM(S) set, in order.
  var items: [PickleItem] = []
}

/// A key and its value, in a dictionary or set on an object.
struct PickleItem: Sendable {
  let key: PickleValue
  let value: PickleValue
}

/// The containers of one pickle.
struct PickleHeap: Sendable {
  /// Elements of lists, tuples and sets.
  var sequences: [[PickleValue]] = []
  /// Items of dictionaries in the order they were set; a key may occur again, the last one counts.
  var dictionaries: [[PickleItem]] = []
  var objects: [PickleObject] = []
  var globals: [PickleGlobal] = []
  /// What persistent ids refer to: for PyTorch a tuple that begins with "storage".
  var persistentIdentifiers: [PickleValue] = []
  private var globalIndices: [PickleGlobal: Int] = [:]

  mutating func makeSequence(_ elements: [PickleValue]) -> Int {
    sequences.append(elements)
    return sequences.count - 1
  }

  mutating func makeDictionary(_ items: [PickleItem]) -> Int {
    dictionaries.append(items)
    return dictionaries.count - 1
  }

  mutating func makeObject(callable: PickleValue, arguments: PickleValue) -> PickleValue {
    objects.append(PickleObject(callable: callable, arguments: arguments))
    return .object(objects.count - 1)
  }

  mutating func makeGlobal(_ global: PickleGlobal) -> PickleValue {
    if let known = globalIndices[global] { return .global(known) }
    globals.append(global)
    globalIndices[global] = globals.count - 1
    return .global(globals.count - 1)
  }

  mutating func makePersistent(_ identifier: PickleValue) -> PickleValue {
    persistentIdentifiers.append(identifier)
    return .persistent(persistentIdentifiers.count - 1)
  }

  /// The elements of a tuple or list, nil for anything else.
  func elements(of value: PickleValue) -> [PickleValue]? {
    switch value {
    case .list(let index), .tuple(let index): return sequences[index]
    default: return nil
    }
  }
}

/// What running one pickle yields.
struct PickleResult: Sendable {
  let value: PickleValue
  let heap: PickleHeap
  /// Where the byte after STOP is.
  let end: Int
}
