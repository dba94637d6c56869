/// Layers of well-known networks, and of other kinds.
let networks: [(name: String, layers: [Layer])] = [
  (
    "ResNet-18",
    [
      .convolution(3, 64, window: 3, on: (32, 32)),
      .convolution(64, 64, window: 3, on: (32, 32)),
      .convolution(64, 128, window: 3, stride: 2, on: (32, 32)),
      .convolution(64, 128, window: 1, stride: 2, on: (32, 32)),
      .convolution(128, 128, window: 3, on: (16, 16)),
      .convolution(128, 256, window: 3, stride: 2, on: (16, 16)),
      .convolution(256, 256, window: 3, on: (8, 8)),
      .convolution(256, 512, window: 3, stride: 2, on: (8, 8)),
      .convolution(512, 512, window: 3, on: (4, 4)),
    ]
  ),
  (
    "small",
    [
      .convolution(1, 8, window: 3, on: (20, 40)),
      .convolution(8, 8, window: 3, on: (20, 40)),
      .convolution(16, 16, window: 3, on: (20, 40)),
      .convolution(32, 32, window: 3, on: (20, 40)),
      .convolution(16, 32, window: 3, stride: 2, on: (28, 28)),
      .convolution(32, 32, window: 3, on: (10, 20)),
      .convolution(32, 64, window: 5, on: (14, 14)),
      .convolution(64, 64, window: 3, on: (7, 7)),
    ]
  ),
  (
    "VGG-11",
    [
      .convolution(3, 64, window: 3, on: (32, 32)),
      .convolution(64, 128, window: 3, on: (16, 16)),
      .convolution(128, 256, window: 3, on: (8, 8)),
      .convolution(256, 256, window: 3, on: (8, 8)),
      .convolution(256, 512, window: 3, on: (4, 4)),
      .convolution(512, 512, window: 3, on: (4, 4)),
      .convolution(512, 512, window: 3, on: (2, 2)),
    ]
  ),
  (
    "ResNet-50",
    [
      .convolution(3, 64, window: 7, stride: 2, on: (224, 224)),
      .convolution(64, 64, window: 3, on: (56, 56)),
      .convolution(256, 64, window: 1, on: (56, 56)),
      .convolution(256, 1024, window: 1, on: (14, 14)),
      .convolution(2048, 512, window: 1, on: (7, 7)),
    ]
  ),
  (
    "groups",
    [
      .convolution(96, 96, window: 3, stride: 2, groups: 96, on: (112, 112)),
      .convolution(144, 144, window: 3, groups: 144, on: (56, 56)),
      .convolution(576, 576, window: 3, groups: 576, on: (14, 14)),
      .convolution(240, 240, window: 5, stride: 2, groups: 240, on: (28, 28)),
      .convolution(672, 672, window: 5, groups: 672, on: (14, 14)),
      .convolution(96, 96, window: 7, groups: 96, on: (56, 56)),
      .convolution(768, 768, window: 7, groups: 768, on: (7, 7)),
      .convolution(128, 128, window: 3, groups: 32, on: (56, 56)),
    ]
  ),
  (
    "others",
    [
      .convolution(3, 96, window: 4, stride: 4, on: (224, 224)),
      .transposedConvolution(128, 64, window: 4, stride: 2, on: (8, 8)),
      .transposedConvolution(64, 32, window: 3, stride: 2, on: (16, 16)),
      .linear(768, 3072, rows: 197),
      .linear(3072, 768, rows: 197),
      .linear(96, 384, rows: 3136),
      .linear(512, 1000, rows: 1),
      .maximum(64, window: 3, stride: 2, on: (112, 112)),
      .maximum(64, window: 2, stride: 2, on: (32, 32)),
      .average(64, window: 2, stride: 2, on: (32, 32)),
      .batchNorm(64, on: (32, 32)),
      .layerNorm(768, rows: 197),
      .gelu(3072, rows: 197),
    ]
  ),
]
