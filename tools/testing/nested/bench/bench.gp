# SPDX-License-Identifier: GPL-2.0
#
# A plot of bench.pl's: bars of the columns of `data`, in `unit`, into `svg`
set terminal svg size 1000, 480 font "sans,12" background "white"
set output svg
set title about
set ylabel unit
set yrange [0:*]
set grid ytics
set key outside top right
set datafile missing "?"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.8 border -1
set xtics scale 0 rotate by -30
plot for [c = 2:columns] data using c:xtic(1) title columnheader(c)
