import Foundation

extension MadeNetwork {
  /// Changes one thing about one tensor, or which there are.
  mutating func mutate(_ dice: inout Dice) {
    guard !tensors.isEmpty else { return }
    let place = dice.integer(0...tensors.count - 1)
    func other(_ dice: inout Dice) -> Int { dice.integer(0...tensors.count - 1) }
    switch dice.integer(0...15) {
    case 0, 1: tensors[place].name = dice.oddName(tensors[place].name)
    case 2: tensors.remove(at: place)
    case 3: tensors[place].name = tensors[other(&dice)].name
    case 4: tensors.append(tensors[place])
    case 5, 6:
      // The shape alone, or with as many values.
      var shape = tensors[place].shape
      if shape.isEmpty || dice.chance(0.3) {
        shape = dice.shape(odd: 0.3)
      } else {
        shape[dice.integer(0...shape.count - 1)] = dice.extremeInteger()
      }
      reshape(place, shape, &dice)
    case 7: reshape(place, tensors[place].shape + [1], &dice)
    case 8: reshape(place, Array(tensors[place].shape.dropLast()), &dice)
    case 9 where !tensors[place].strides.isEmpty:
      let axis = dice.integer(0...tensors[place].strides.count - 1)
      tensors[place].strides[axis] = dice.chance(0.5) ? 0 : dice.extremeInteger()
    case 10: tensors[place].offset = dice.extremeInteger()
    case 11: tensors[place].storageCount = dice.extremeInteger()
    case 12:
      tensors[place].storageClass = dice.pick([
        "DoubleStorage", "HalfStorage", "BFloat16Storage", "LongStorage", "IntStorage", "ByteStorage", "BoolStorage",
        "ComplexFloatStorage", "QInt8Storage", "UntypedStorage", "Storage", "",
      ])
    case 13: tensors[place].storage = tensors[other(&dice)].storage
    case 14:
      let values = (0..<max(0, tensors[place].bytes.count / 4)).map { _ in Float(dice.extremeNumber()) }
      tensors[place].bytes = values.withUnsafeBytes { Data($0) }
    default: tensors[place].bytes = Data(tensors[place].bytes.dropLast(dice.integer(0...5)))
    }
  }

  private mutating func reshape(_ place: Int, _ shape: [Int], _ dice: inout Dice) {
    tensors[place].shape = shape
    tensors[place].strides = MadeTensor.rowMajor(shape)
    let count = shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    guard (0...4096).contains(count), dice.chance(0.7) else { return }
    let values = dice.floats(count)
    tensors[place].bytes = values.withUnsafeBytes { Data($0) }
    tensors[place].storageCount = count
  }
}
