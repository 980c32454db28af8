-- Two fields that belong together are written one after the other, by 4
-- threads, while another one reads both.
return require "spec.explore.reorder" (5, 33)
