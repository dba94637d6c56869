/// The names whose meaning is known. Knowing a name never means calling it: each is interpreted by code written here.
/// Every other name in a pickle stays an inert placeholder and is reported.
enum AllowedGlobals {
  /// How PyTorch and NumPy describe tensors, and the containers and scalars around them.
  enum Meaning: Sendable {
    /// `_rebuild_tensor(storage, offset, size, stride)`; v2 appends gradient, hooks and metadata.
    case tensor
    /// The same with the dtype as seventh argument, for storages that have no class of their own.
    case tensorWithDType
    /// `_rebuild_parameter(tensor, …)`: the first argument is the tensor.
    case parameter
    /// `_rebuild_from_type_v2(function, type, arguments, state)`: a tensor subclass.
    case tensorFromType
    /// Another `_rebuild_…`: a kind of tensor that is not read.
    case otherTensor
    case size
    case orderedDictionary
    /// `set(list)`
    case set
    /// `_codecs.encode(text, 'latin1')`, how Python 3 writes bytes for Python 2
    case encodedBytes
    /// `bytes(…)` and `bytearray(…)`
    case byteArray
    case numpyArray
    case numpyArrayType
    case numpyFromBuffer
    case numpyScalar
    case numpyDType
    /// `_load_from_bytes(bytes)`: a storage as torch.save's legacy form, which `pickle.dump` writes
    case storageFromBytes
    /// `_reconstruct_persistent_obj(meta)`: an object beside its class's source text (`PersistentObject`)
    case persistentObject
    /// A PyTorch storage class such as `FloatStorage`
    case storage
    /// Known and without influence on tensors' values: devices, layouts, dtypes
    case irrelevant
  }

  static func meaning(of global: PickleGlobal) -> Meaning? {
    if let known = table[global.path] { return known }
    let fromTorch = global.module == "torch" || global.module.hasPrefix("torch.")
    if fromTorch && global.name.hasSuffix("Storage") { return .storage }
    if global.module == "torch._utils" && global.name.hasPrefix("_rebuild_") { return .otherTensor }
    if global.module == "torch" && dtypeNames.contains(global.name) { return .irrelevant }
    return nil
  }

  private static let table: [String: Meaning] = {
    var table: [String: Meaning] = [
      "torch._utils._rebuild_tensor": .tensor,
      "torch._utils._rebuild_tensor_v2": .tensor,
      "torch._utils._rebuild_tensor_v3": .tensorWithDType,
      "torch._utils._rebuild_parameter": .parameter,
      "torch._utils._rebuild_parameter_with_state": .parameter,
      "torch._tensor._rebuild_from_type_v2": .tensorFromType,
      "torch.storage._load_from_bytes": .storageFromBytes,
      "torch_utils.persistence._reconstruct_persistent_obj": .persistentObject,
      "torch.Size": .size,
      "torch.device": .irrelevant,
      "torch.serialization._get_layout": .irrelevant,
      "collections.OrderedDict": .orderedDictionary,
      "_codecs.encode": .encodedBytes,
      "numpy.dtype": .numpyDType,
      "numpy.ndarray": .numpyArrayType,
    ]
    for builtins in ["builtins", "__builtin__"] {
      table["\(builtins).set"] = .set
      table["\(builtins).bytes"] = .byteArray
      table["\(builtins).bytearray"] = .byteArray
    }
    for core in ["numpy.core", "numpy._core"] {
      table["\(core).multiarray._reconstruct"] = .numpyArray
      table["\(core).multiarray.scalar"] = .numpyScalar
      table["\(core).numeric._frombuffer"] = .numpyFromBuffer
    }
    return table
  }()

  /// Every element type of PyTorch, also those that are not read: their names alone mean no harm.
  private static let dtypeNames: Set<String> = [
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16",
    "uint8", "bool", "complex32", "complex64", "complex128", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2",
    "float8_e5m2fnuz", "float8_e8m0fnu", "qint8", "quint8", "qint32", "strided", "contiguous_format", "channels_last",
  ]
}
