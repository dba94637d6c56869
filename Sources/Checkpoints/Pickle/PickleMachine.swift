import Foundation

/// Runs a pickle's opcodes on values that are only data.
///
/// Python's own machine imports names and calls them; this one notes both down (`PickleObject`). Which of those notes
/// mean a tensor is decided afterwards, by an allow-list (`TensorInterpreter`). So there is nothing here that a file
/// could make run. Time and memory are linear in the file's size: each opcode pushes at most one value, and what it
/// takes off the stack it moves.
struct PickleMachine {
  var cursor: PickleCursor
  let data: ByteRegion
  private var heap = PickleHeap()
  private var stack: [PickleValue] = []
  /// Stack heights at which MARK was pushed.
  private var marks: [Int] = []
  private var memo: [UInt64: PickleValue] = [:]

  private init(bytes: UnsafeRawBufferPointer, data: ByteRegion, offset: Int, file: String, member: String) {
    self.data = data
    cursor = PickleCursor(bytes: bytes, offset: offset, file: file, member: member)
  }

  /// Runs the pickle that starts at `offset` of `data` up to its STOP.
  /// - Parameter member: what is being read, for errors.
  static func run(
    _ data: ByteRegion, offset: Int = 0, file: String, member: String
  ) throws(CheckpointError) -> PickleResult {
    try data.withBytes { (bytes) throws(CheckpointError) in
      var machine = PickleMachine(bytes: bytes, data: data, offset: offset, file: file, member: member)
      return try machine.run()
    }
  }

  private mutating func run() throws(CheckpointError) -> PickleResult {
    var steps = 0
    while true {
      let opcode = try cursor.opcode()
      if opcode == .stop {
        let value = try pop()
        return PickleResult(value: value, heap: heap, end: cursor.offset)
      }
      try execute(opcode)
      steps += 1
      guard steps <= Limits.pickleSteps else {
        throw .limitExceeded(
          file: cursor.file, location: cursor.member, quantity: "the number of pickle opcodes",
          value: "more than \(Limits.pickleSteps)", limit: Limits.pickleSteps)
      }
    }
  }

  private mutating func execute(_ opcode: PickleOpcode) throws(CheckpointError) {
    switch opcode {
    // Constants and numbers
    case .none: stack.append(.none)
    case .newTrue: stack.append(.bool(true))
    case .newFalse: stack.append(.bool(false))
    case .binInt: stack.append(.integer(try cursor.signed32()))
    case .binInt1: stack.append(.integer(Int64(try cursor.unsigned(1))))
    case .binInt2: stack.append(.integer(Int64(try cursor.unsigned(2))))
    case .int, .long: stack.append(try decimalInteger(opcode))
    case .long1: stack.append(try binaryInteger(count: try cursor.unsigned(1)))
    case .long4: stack.append(try binaryInteger(count: try cursor.unsigned(4)))
    case .float: stack.append(try decimalFloat())
    case .binFloat: stack.append(.float(Double(bitPattern: try cursor.unsigned(8).byteSwapped)))

    // Text and bytes
    case .unicode: stack.append(.string(try rawUnicode()))
    case .binUnicode: stack.append(try unicode(widthOfCount: 4))
    case .shortBinUnicode: stack.append(try unicode(widthOfCount: 1))
    case .binUnicode8: stack.append(try unicode(widthOfCount: 8))
    case .string: stack.append(try quotedString())
    case .binString: stack.append(try python2String(count: try python2StringCount()))
    case .shortBinString: stack.append(try python2String(count: try cursor.unsigned(1)))
    case .binBytes: stack.append(try byteString(widthOfCount: 4))
    case .shortBinBytes: stack.append(try byteString(widthOfCount: 1))
    case .binBytes8, .byteArray8: stack.append(try byteString(widthOfCount: 8))

    // Containers
    case .emptyList: stack.append(.list(heap.makeSequence([])))
    case .emptyTuple: stack.append(.tuple(heap.makeSequence([])))
    case .emptyDict: stack.append(.dictionary(heap.makeDictionary([])))
    case .emptySet: stack.append(.set(heap.makeSequence([])))
    case .list: stack.append(.list(heap.makeSequence(try popToMark())))
    case .tuple: stack.append(.tuple(heap.makeSequence(try popToMark())))
    case .frozenSet: stack.append(.set(heap.makeSequence(try popToMark())))
    case .dict:
      let values = try popToMark()
      stack.append(.dictionary(heap.makeDictionary(try pairs(values))))
    case .tuple1: try makeTuple(1)
    case .tuple2: try makeTuple(2)
    case .tuple3: try makeTuple(3)
    case .append:
      let element = try pop()
      try append([element])
    case .appends, .addItems:
      let elements = try popToMark()
      try append(elements)
    case .setItem:
      let value = try pop()
      let key = try pop()
      try setItems([PickleItem(key: key, value: value)])
    case .setItems:
      // Not in one expression, in which the machine that `pairs` belongs to is a copy: of the stack then all would be copied, each time.
      let values = try popToMark()
      try setItems(try pairs(values))

    // Stack and memo
    case .mark: marks.append(stack.count)
    case .pop: try popOrUnmark()
    case .popMark: _ = try popToMark()
    case .dup: stack.append(try top())
    case .put: memo[try memoNumber()] = try top()
    case .binPut: memo[try cursor.unsigned(1)] = try top()
    case .longBinPut: memo[try cursor.unsigned(4)] = try top()
    case .memoize: memo[UInt64(memo.count)] = try top()
    case .get: stack.append(try recall(try memoNumber()))
    case .binGet: stack.append(try recall(try cursor.unsigned(1)))
    case .longBinGet: stack.append(try recall(try cursor.unsigned(4)))

    // What Python would import, call, or fetch from elsewhere
    case .global:
      let module = try cursor.lineText()
      stack.append(heap.makeGlobal(PickleGlobal(module: module, name: try cursor.lineText())))
    case .stackGlobal: try stackGlobal()
    case .reduce, .newObj:
      let arguments = try pop()
      let callable = try pop()
      stack.append(heap.makeObject(callable: callable, arguments: arguments))
    case .newObjEx:
      let keywords = try pop()
      let arguments = try pop()
      let callable = try pop()
      let both = PickleValue.tuple(heap.makeSequence([arguments, keywords]))
      stack.append(heap.makeObject(callable: callable, arguments: both))
    case .obj:
      var arguments = try popToMark()
      guard !arguments.isEmpty else { throw cursor.failure("no class is on the stack") }
      let callable = arguments.removeFirst()
      stack.append(heap.makeObject(callable: callable, arguments: .tuple(heap.makeSequence(arguments))))
    case .inst:
      let module = try cursor.lineText()
      let callable = heap.makeGlobal(PickleGlobal(module: module, name: try cursor.lineText()))
      let arguments = PickleValue.tuple(heap.makeSequence(try popToMark()))
      stack.append(heap.makeObject(callable: callable, arguments: arguments))
    case .build: try build()
    case .persid: stack.append(heap.makePersistent(.string(try cursor.lineText())))
    case .binPersid:
      let identifier = try pop()
      stack.append(heap.makePersistent(identifier))

    // Framing
    case .proto:
      let version = try cursor.unsigned(1)
      guard version <= 5 else { throw cursor.failure("is protocol \(version), expected 0 to 5") }
    case .frame:
      // A frame only says how much to buffer.
      _ = try cursor.unsigned(8)
    case .stop: break
    case .ext1, .ext2, .ext4:
      throw cursor.failure(
        "uses the copyreg extension registry, which no checkpoint needs; save the state_dict instead")
    case .nextBuffer, .readOnlyBuffer:
      throw cursor.failure("needs an out-of-band buffer, which a file cannot hold; save the state_dict instead")
    }
  }
}

// MARK: - Stack, memo and containers

extension PickleMachine {
  /// The lowest stack position the current opcode may take: nothing below the last MARK.
  private var floor: Int { marks.last ?? 0 }

  private mutating func pop() throws(CheckpointError) -> PickleValue {
    guard stack.count > floor, let value = stack.popLast() else {
      throw cursor.failure("the stack is empty; the file is damaged")
    }
    return value
  }

  private func top() throws(CheckpointError) -> PickleValue {
    guard stack.count > floor, let value = stack.last else {
      throw cursor.failure("the stack is empty; the file is damaged")
    }
    return value
  }

  /// POP takes a value, or the MARK itself if nothing is above it.
  private mutating func popOrUnmark() throws(CheckpointError) {
    if stack.count == floor && !marks.isEmpty {
      marks.removeLast()
    } else {
      _ = try pop()
    }
  }

  private mutating func popToMark() throws(CheckpointError) -> [PickleValue] {
    guard let height = marks.popLast() else { throw cursor.failure("there is no MARK; the file is damaged") }
    defer { stack.removeSubrange(height...) }
    return Array(stack[height...])
  }

  private mutating func makeTuple(_ count: Int) throws(CheckpointError) {
    guard stack.count - floor >= count else {
      throw cursor.failure("needs \(count) values on the stack, which has \(stack.count - floor); the file is damaged")
    }
    let elements = Array(stack.suffix(count))
    stack.removeLast(count)
    stack.append(.tuple(heap.makeSequence(elements)))
  }

  private func pairs(_ values: [PickleValue]) throws(CheckpointError) -> [PickleItem] {
    guard values.count.isMultiple(of: 2) else {
      throw cursor.failure("has \(values.count) keys and values, expected an even number; the file is damaged")
    }
    return stride(from: 0, to: values.count, by: 2).map { PickleItem(key: values[$0], value: values[$0 + 1]) }
  }

  private mutating func append(_ elements: [PickleValue]) throws(CheckpointError) {
    switch try top() {
    case .list(let index), .set(let index): heap.sequences[index].append(contentsOf: elements)
    case .object(let index): heap.objects[index].elements.append(contentsOf: elements)
    default: throw cursor.failure("its target is not a list or set; the file is damaged")
    }
  }

  private mutating func setItems(_ items: [PickleItem]) throws(CheckpointError) {
    switch try top() {
    case .dictionary(let index): heap.dictionaries[index].append(contentsOf: items)
    case .object(let index): heap.objects[index].items.append(contentsOf: items)
    default: throw cursor.failure("its target is not a dictionary; the file is damaged")
    }
  }

  private mutating func build() throws(CheckpointError) {
    let state = try pop()
    switch try top() {
    case .object(let index): heap.objects[index].state = state
    // Plain containers can carry a state in Python 2 pickles; it holds nothing a checkpoint needs.
    case .list, .dictionary, .set, .global, .persistent: break
    default: throw cursor.failure("its target is not an object; the file is damaged")
    }
  }

  private mutating func stackGlobal() throws(CheckpointError) {
    let name = try pop()
    guard case .string(let module) = try pop(), case .string(let text) = name else {
      throw cursor.failure("needs two strings on the stack; the file is damaged")
    }
    stack.append(heap.makeGlobal(PickleGlobal(module: module, name: text)))
  }

  private mutating func memoNumber() throws(CheckpointError) -> UInt64 {
    let text = try cursor.lineText()
    guard let number = UInt64(text) else { throw cursor.failure("`\(text)` is not a memo number") }
    return number
  }

  private func recall(_ number: UInt64) throws(CheckpointError) -> PickleValue {
    guard let value = memo[number] else {
      throw cursor.failure("memo \(number) was never stored; the file is damaged")
    }
    return value
  }
}
