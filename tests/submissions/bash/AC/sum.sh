read -r n
read -r -a numbers
sum=0
for each in "${numbers[@]}"; do
    sum=$((sum + each))
done
echo "$sum"
