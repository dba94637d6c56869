/// NumPy arrays and scalars inside pickles.
extension TensorInterpreter {
  /// `_reconstruct(ndarray, (0,), b'b')` with the state `(version, shape, dtype, isFortran, bytes)`.
  func numpyArray(state: PickleValue?, name: String) throws(CheckpointError) -> StoredTensor {
    guard let parts = state.flatMap({ view.heap.elements(of: $0) }), parts.count >= 5,
      let shape = view.integers(parts[1]), case .bool(let columnMajor) = parts[3], let bytes = view.bytes(parts[4])
    else {
      throw invalid(name, "is a NumPy array of objects or of an unknown version, expected numbers")
    }
    return try array(bytes, dtype: parts[2], shape: shape, columnMajor: columnMajor, name: name)
  }

  /// `_frombuffer(bytes, dtype, shape, order)`, as protocol 5 writes.
  func numpyFromBuffer(_ arguments: [PickleValue], name: String) throws(CheckpointError) -> StoredTensor {
    guard arguments.count == 4, let bytes = view.bytes(arguments[0]), let shape = view.integers(arguments[2]),
      let order = view.string(arguments[3])
    else { throw invalid(name, "is a NumPy array described in an unknown way") }
    return try array(bytes, dtype: arguments[1], shape: shape, columnMajor: order == "F", name: name)
  }

  /// The value of a NumPy scalar, `scalar(dtype, bytes)`; nil where it is none or not a number.
  func numpyScalar(_ object: PickleObject) -> Double? {
    guard case .numpyScalar? = view.meaning(of: object.callable),
      let arguments = view.heap.elements(of: object.arguments), arguments.count == 2,
      let bytes = view.bytes(arguments[1]),
      let tensor = try? array(bytes, dtype: arguments[0], shape: [], columnMajor: false, name: "scalar")
    else { return nil }
    return (try? tensor.doubles())?.first
  }

  private func array(
    _ bytes: ByteRegion, dtype value: PickleValue, shape: [Int], columnMajor: Bool, name: String
  ) throws(CheckpointError) -> StoredTensor {
    let dtype = try numpyDType(value, name: name)
    let largest = dtype.largestArray
    guard let count = TensorLayout.elementCount(shape, largest: largest), shape.allSatisfy({ $0 >= 0 }),
      bytes.count == count * dtype.byteCount
    else {
      throw invalid(
        name,
        "is a NumPy array of shape \(shape) and dtype \(dtype.rawValue) with \(bytes.count) bytes; "
          + "the file is damaged")
    }
    // Column-major strides are the row-major ones of the reversed shape, reversed.
    let strides =
      columnMajor
      ? TensorLayout.rowMajorStrides(shape.reversed()).reversed() : TensorLayout.rowMajorStrides(shape)
    do {
      let layout = try TensorLayout(
        offset: 0, shape: shape, strides: Array(strides), storageElements: bytes.count / dtype.byteCount,
        largest: largest)
      return StoredTensor(name: name, dtype: dtype, layout: layout, storage: bytes, file: file)
    } catch {
      throw invalid(name, error.text)
    }
  }

  /// `dtype('f4', …)` with the state `(version, byteOrder, …)`.
  private func numpyDType(_ value: PickleValue, name: String) throws(CheckpointError) -> DType {
    guard let object = view.object(value), case .numpyDType? = view.meaning(of: object.callable),
      let code = view.heap.elements(of: object.arguments)?.first.flatMap({ view.string($0) })
    else { throw invalid(name, "is a NumPy array without a readable dtype; the file is damaged") }
    guard let dtype = DType(numpy: code) else {
      throw .unsupportedDType(file: file, tensor: name, dtype: "NumPy \(code)")
    }
    let state = object.state.flatMap { view.heap.elements(of: $0) } ?? []
    if state.count >= 2, view.string(state[1]) == ">" {
      throw invalid(name, "is a big-endian NumPy array, expected little-endian; save array.astype('<\(code)')")
    }
    return dtype
  }
}
