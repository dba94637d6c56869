// Sums and products of numbers, which graphs spell out: a layer and a shortcut, channels and their weights.

/// `output[i] = left[i] + right[i]`; the output may be one of them.
@inline(never)
public func addNumbers(
  count: Int, left: UnsafePointer<Float>, right: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
) {
  var index = 0
  while index &+ width <= count {
    store(load(left + index) + load(right + index), output + index)
    index &+= width
  }
  while index < count {
    output[index] = left[index] + right[index]
    index &+= 1
  }
}

/// `output[i] = left[i] + right`; the output may be `left`.
@inline(never)
public func addNumber(
  count: Int, left: UnsafePointer<Float>, right: Float, output: UnsafeMutablePointer<Float>
) {
  let number = repeated(right)
  var index = 0
  while index &+ width <= count {
    store(load(left + index) + number, output + index)
    index &+= width
  }
  while index < count {
    output[index] = left[index] + right
    index &+= 1
  }
}

/// `output[i] = left[i] * right[i]`; the output may be one of them.
@inline(never)
public func multiplyNumbers(
  count: Int, left: UnsafePointer<Float>, right: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
) {
  var index = 0
  while index &+ width <= count {
    store(load(left + index) * load(right + index), output + index)
    index &+= width
  }
  while index < count {
    output[index] = left[index] * right[index]
    index &+= 1
  }
}

/// `output[i] = left[i] * right`; the output may be `left`.
@inline(never)
public func multiplyNumber(
  count: Int, left: UnsafePointer<Float>, right: Float, output: UnsafeMutablePointer<Float>
) {
  let number = repeated(right)
  var index = 0
  while index &+ width <= count {
    store(load(left + index) * number, output + index)
    index &+= width
  }
  while index < count {
    output[index] = left[index] * right
    index &+= 1
  }
}
