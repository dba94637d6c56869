import Foundation
import Tensor

/// Writes a snapshot opcode by opcode as Python's pickle does at protocol 4 with `torch_utils.persistence` and PyTorch: modules
/// with their class's source text, and in each tensor a whole legacy file of `torch.save`.
package struct SnapshotPickle {
  package private(set) var data = Data([0x80, 4])
  /// Where the source text is in the memo, once it was written.
  private var hasSource = false
  /// What stands in a file for the text of `networks.py`. Whoever executes it is noticed.
  package static let source = "raise SystemExit('the source text in a pickle was executed')\n"

  package init() {}

  /// A dictionary with the network under `ema`, and what the trainer puts beside it.
  package mutating func snapshot(_ network: EDMFixture.Module) {
    dictionary {
      $0.entry("ema") { $0.module(network) }
      $0.entry("loss_fn") { $0.persistent("EDMLoss") { $0.entry("P_mean") { $0.number(-1.2) } } }
      $0.entry("augment_pipe") { $0.byte("N") }
      $0.entry("dataset_kwargs") {
        $0.dictionary { $0.entry("class_name") { $0.text("training.dataset.ImageFolderDataset") } }
      }
    }
    byte(".")
  }

  package mutating func module(_ module: EDMFixture.Module) {
    // Of the networks' containers alone the class is PyTorch's own.
    if module.className == "ModuleDict" {
      global("torch.nn.modules.container", "ModuleDict")
      data.append(contentsOf: [0x29, 0x81])
      dictionary { $0.attributes(of: module) }
      byte("b")
    } else {
      persistent(module.className) { $0.attributes(of: module) }
    }
  }

  private mutating func attributes(of module: EDMFixture.Module) {
    entry("training") { $0.flag(false) }
    entry("_parameters") {
      $0.ordered { writer in
        for (name, tensor) in module.parameters { writer.entry(name) { $0.tensor(tensor, isParameter: true) } }
      }
    }
    entry("_buffers") {
      $0.ordered { writer in
        for (name, tensor) in module.buffers { writer.entry(name) { $0.tensor(tensor, isParameter: false) } }
      }
    }
    entry("_non_persistent_buffers_set") { $0.data.append(0x8f) }
    entry("_modules") {
      $0.ordered { writer in
        for (name, child) in module.children { writer.entry(name) { $0.module(child) } }
      }
    }
    for (name, value) in module.settings {
      entry(name) {
        switch value {
        case .integer(let number): $0.integer(number)
        case .number(let number): $0.number(number)
        case .numpy(let number): $0.numpy(number)
        case .flag(let flag): $0.flag(flag)
        case .none: $0.byte("N")
        }
      }
    }
    entry("_init_args") { $0.byte(")") }
    entry("_init_kwargs") { $0.dictionary { $0.entry("skip_scale") { $0.numpy(0.5.squareRoot()) } } }
  }

  // MARK: - Objects

  /// `_reconstruct_persistent_obj(meta)`.
  package mutating func persistent(
    _ className: String, version: Int = 6, _ state: (inout SnapshotPickle) -> Void
  ) {
    global("torch_utils.persistence", "_reconstruct_persistent_obj")
    dictionary {
      $0.entry("type") { $0.text("class") }
      $0.entry("version") { $0.integer(version) }
      $0.entry("module_src") { $0.sourceText() }
      $0.entry("class_name") { $0.text(className) }
      $0.entry("state") { $0.dictionary(state) }
    }
    data.append(contentsOf: [0x85, 0x52])
  }

  private mutating func sourceText() {
    if hasSource {
      data.append(contentsOf: [0x68, 0])
    } else {
      text(Self.source)
      data.append(0x94)
      hasSource = true
    }
  }

  /// - Parameter tensor: nil for None.
  package mutating func tensor(_ tensor: Tensor?, isParameter: Bool) {
    guard let tensor else { return byte("N") }
    self.tensor(
      storage: Self.storage(tensor.scalars), shape: tensor.shape.dimensions, strides: tensor.shape.strides,
      isParameter: isParameter)
  }

  package mutating func tensor(storage: Data, shape: [Int], strides: [Int], isParameter: Bool) {
    if isParameter {
      global("torch._utils", "_rebuild_parameter")
      byte("(")
    }
    global("torch._utils", "_rebuild_tensor_v2")
    byte("(")
    global("torch.storage", "_load_from_bytes")
    byte("B")
    append(UInt32(storage.count))
    data.append(storage)
    data.append(contentsOf: [0x85, 0x52])
    integer(0)
    tuple(shape)
    tuple(strides)
    flag(false)
    ordered { _ in }
    data.append(contentsOf: [0x74, 0x52])
    if isParameter {
      flag(false)
      ordered { _ in }
      data.append(contentsOf: [0x74, 0x52])
    }
  }

  /// A storage as `torch.save` wrote it before PyTorch 1.6.
  package static func storage(_ scalars: [Float], claimed: Int? = nil) -> Data {
    var writer = SnapshotPickle()
    let key = "94221238427184"
    writer.data = Data([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e])
    writer.data.append(contentsOf: [0x80, 2, 0x4d, 0xe9, 3, 0x2e, 0x80, 2])
    writer.dictionary {
      $0.entry("protocol_version") { $0.integer(1001) }
      $0.entry("little_endian") { $0.flag(true) }
    }
    writer.data.append(contentsOf: [0x2e, 0x80, 2, 0x28])
    writer.text("storage")
    writer.data.append(contentsOf: "ctorch\nFloatStorage\n".utf8)
    writer.text(key)
    writer.text("cpu")
    writer.integer(claimed ?? scalars.count)
    writer.data.append(contentsOf: [0x4e, 0x74, 0x51, 0x2e, 0x80, 2, 0x5d])
    writer.text(key)
    writer.data.append(contentsOf: [0x61, 0x2e])
    writer.append(UInt64(scalars.count))
    for scalar in scalars { writer.append(scalar.bitPattern) }
    return writer.data
  }

  private mutating func numpy(_ value: Double) {
    global("numpy._core.multiarray", "scalar")
    global("numpy", "dtype")
    text("f8")
    data.append(contentsOf: [0x89, 0x88, 0x87, 0x52])
    byte("(")
    integer(3)
    text("<")
    data.append(contentsOf: [0x4e, 0x4e, 0x4e])
    integer(-1)
    integer(-1)
    integer(0)
    data.append(contentsOf: [0x74, 0x62])
    data.append(contentsOf: [0x43, 8])
    append(value.bitPattern)
    data.append(contentsOf: [0x86, 0x52])
  }

  // MARK: - Containers

  package mutating func dictionary(_ content: (inout SnapshotPickle) -> Void) {
    byte("}")
    content(&self)
  }

  /// `collections.OrderedDict()`.
  package mutating func ordered(_ content: (inout SnapshotPickle) -> Void) {
    global("collections", "OrderedDict")
    data.append(contentsOf: [0x29, 0x52])
    content(&self)
  }

  package mutating func entry(_ key: String, _ value: (inout SnapshotPickle) -> Void) {
    text(key)
    value(&self)
    byte("s")
  }

  private mutating func tuple(_ numbers: [Int]) {
    byte("(")
    numbers.forEach { integer($0) }
    byte("t")
  }

  // MARK: - Scalars

  package mutating func byte(_ character: Character) { data.append(contentsOf: String(character).utf8) }

  package mutating func bytes(_ bytes: [UInt8]) { data.append(contentsOf: bytes) }

  package mutating func flag(_ flag: Bool) { data.append(flag ? 0x88 : 0x89) }

  package mutating func integer(_ value: Int) {
    byte("J")
    append(UInt32(bitPattern: Int32(truncatingIfNeeded: value)))
  }

  package mutating func number(_ value: Double) {
    byte("G")
    append(value.bitPattern.byteSwapped)
  }

  package mutating func text(_ text: String) {
    let bytes = Array(text.utf8)
    byte("X")
    append(UInt32(bytes.count))
    data.append(contentsOf: bytes)
  }

  package mutating func global(_ module: String, _ name: String) {
    text(module)
    text(name)
    data.append(0x93)
  }

  private mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
  }
}
