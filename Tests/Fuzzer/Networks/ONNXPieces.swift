import Foundation
import ONNXSchema

extension ProtoAttribute {
  static func integer(_ name: String, _ value: Int) -> ProtoAttribute { made(name, 2) { $0.i = Int64(value) } }
  static func number(_ name: String, _ value: Float) -> ProtoAttribute { made(name, 1) { $0.f = value } }
  static func text(_ name: String, _ value: String) -> ProtoAttribute { made(name, 3) { $0.s = Data(value.utf8) } }
  static func integers(_ name: String, _ values: [Int]) -> ProtoAttribute {
    made(name, 7) { $0.ints = values.map(Int64.init) }
  }
  static func numbers(_ name: String, _ values: [Float]) -> ProtoAttribute { made(name, 6) { $0.floats = values } }
  static func tensor(_ name: String, _ value: ProtoTensor) -> ProtoAttribute { made(name, 4) { $0.t = value } }
  static func graph(_ name: String, _ value: ProtoGraph) -> ProtoAttribute { made(name, 5) { $0.g = value } }

  private static func made(_ name: String, _ type: Int32, _ fill: (inout ProtoAttribute) -> Void) -> ProtoAttribute {
    var attribute = ProtoAttribute()
    attribute.name = name
    attribute.type = type
    fill(&attribute)
    return attribute
  }
}

extension ProtoTensor {
  static func floats(_ name: String, _ shape: [Int], _ values: [Float]) -> ProtoTensor {
    var tensor = ProtoTensor()
    tensor.name = name
    tensor.dims = shape.map(Int64.init)
    tensor.dataType = 1
    tensor.rawData = values.withUnsafeBytes { Data($0) }
    return tensor
  }

  static func integers(_ name: String, _ shape: [Int], _ values: [Int]) -> ProtoTensor {
    var tensor = ProtoTensor()
    tensor.name = name
    tensor.dims = shape.map(Int64.init)
    tensor.dataType = 7
    tensor.int64Data = values.map(Int64.init)
    return tensor
  }
}

extension ProtoValueInfo {
  /// - Parameter shape: nil for an extent that is free.
  static func value(_ name: String, _ shape: [Int?], type: Int32 = 1) -> ProtoValueInfo {
    var info = ProtoValueInfo()
    info.name = name
    info.type.tensorType.elemType = type
    info.type.tensorType.shape.dim = shape.map { extent in
      var dimension = ProtoTensorShape.Dimension()
      if let extent { dimension.dimValue = Int64(extent) } else { dimension.dimParam = "batch" }
      return dimension
    }
    return info
  }
}
